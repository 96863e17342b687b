import './keys.css';
import type { ClusterPicture } from '../../../wire.js';
import { useStore, type ViewProps } from '../../page.js';
import { hashOf } from '../../route.js';
import type { LiveCluster } from '../../source.js';
import { Browser } from './browser.tsx';
import { Detail } from './detail.tsx';

/** Look a key up, change it, browse the others: `#/keys/<bucket>/<key>`. */
export function KeysView({ path }: ViewProps) {
  const { source } = useStore();
  return (
    <section class="stack" aria-labelledby="keys-view">
      <h2 id="keys-view">Keys</h2>
      {source.cluster === undefined ? (
        <p class="quiet">A trace file holds no keys. They are looked up in a live cluster.</p>
      ) : (
        <LiveKeys cluster={source.cluster} path={path} />
      )}
    </section>
  );
}

function LiveKeys({
  cluster,
  path: [bucket = '', key = ''],
}: {
  readonly cluster: LiveCluster;
  readonly path: readonly string[];
}) {
  const { pictures } = useStore();
  const picture = pictures.last;
  return (
    <>
      <LookUp key={`${bucket}/${key}`} bucket={bucket} of={key} picture={picture} />
      <div class="keys-columns">
        {bucket !== '' && <Browser key={bucket} cluster={cluster} bucket={bucket} current={key} />}
        {key !== '' && (
          <Detail
            key={JSON.stringify([bucket, key])}
            {...{ cluster, bucket, name: key, picture }}
          />
        )}
        {key === '' && (
          <p class="quiet">
            {bucket === ''
              ? 'Name a bucket to browse its keys, or a key to see its replicas.'
              : 'Choose a key to see its replicas.'}
          </p>
        )}
      </div>
    </>
  );
}

function LookUp({
  bucket,
  of,
  picture,
}: {
  readonly bucket: string;
  readonly of: string;
  readonly picture: ClusterPicture | undefined;
}) {
  return (
    <form class="row" role="search" onSubmit={lookUp}>
      <label class="field">
        Bucket
        <input
          name="bucket"
          required
          placeholder="greetings"
          defaultValue={bucket}
          list="known-buckets"
          maxLength={255}
        />
      </label>
      <datalist id="known-buckets">
        {picture?.ring?.buckets.map(([name]) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <label class="field wide">
        Key
        <input name="key" defaultValue={of} placeholder="none: all keys of the bucket" />
      </label>
      <button type="submit" class="primary">
        Look up
      </button>
    </form>
  );
}

function lookUp(event: SubmitEvent): void {
  event.preventDefault();
  const words = new FormData(event.currentTarget as HTMLFormElement);
  const said = ['bucket', 'key'].map((name) => words.get(name));
  const parts = said.map((word) => (typeof word === 'string' ? word.trim() : ''));
  location.hash = hashOf('keys', ...parts.filter((part) => part !== ''));
}
