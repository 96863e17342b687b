/** A key as the nodes say it is, asked anew with each picture of the cluster. */
import { useEffect, useState } from 'preact/hooks';
import type { ClusterPicture, KeyPicture } from '../../../wire.js';
import type { LiveCluster } from '../../source.js';

export interface LookedUp {
  /** As it was told last; undefined: not yet. */
  readonly key: KeyPicture | undefined;
  readonly failure: string | undefined;
  /** Asks at once: something was done to it. */
  readonly refresh: () => void;
}

interface Told {
  readonly of: string;
  readonly key?: KeyPicture;
  readonly failure?: string;
}

export function useKey(
  cluster: LiveCluster,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  picture: ClusterPicture | undefined,
): LookedUp {
  const of = JSON.stringify([bucket, key]);
  const [told, setTold] = useState<Told>({ of });
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    cluster.key(bucket, key).then(
      (answer) => isCurrent && setTold({ of, key: answer }),
      (error: Error) =>
        isCurrent && setTold((before) => ({ ...sameKey(before, of), failure: error.message })),
    );
    return () => {
      isCurrent = false;
    };
  }, [cluster, bucket, key, of, picture?.atMs, asked]);
  const current = sameKey(told, of);
  return {
    key: current.key,
    failure: current.failure,
    refresh: () => setAsked((count) => count + 1),
  };
}

function sameKey(told: Told, of: string): Told {
  return told.of === of ? told : { of };
}
