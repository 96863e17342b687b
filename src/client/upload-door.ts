/** The cluster as the upload of one value sees it. */
import type { ByteString } from '../../actors/rules/key.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import { UnavailableError } from '../errors.js';
import { encodeManifest } from '../wire/manifest.js';
import { givenUpIndex, partKey, uploadOfText, uploadText } from '../wire/part-names.js';
import { headerNames } from '../wire/subjects.js';
import { answerTo, type Answer, type BucketClient } from './bucket-client.js';
import type { Context } from './context.js';
import type { OnlyIf } from '../../actors/rules/condition.js';
import type { Terms } from './request.js';
import type { UploadDoor, UploadedValue } from './upload.js';

export interface UploadTarget {
  readonly client: BucketClient;
  readonly bucket: string;
  readonly key: ByteString;
  /** Of the manifest, of parts, and of the mark that gives them up. */
  readonly terms: Terms;
  readonly partTerms: Terms;
  readonly endTerms: Terms;
  readonly context: Context | undefined;
  readonly onlyIf: OnlyIf | undefined;
  readonly ttlMs: number;
  /** Where it is known beforehand: too much is refused at once. */
  readonly size: number | undefined;
}

/** An operation is one write, however often it is tried. */
interface Operation {
  readonly id: ByteString;
  wasTried: boolean;
}

/**
 * One that any subject has room for: what an upload is named does not depend on its key. A node
 * that knows of no uploads puts an empty value there, which is gone at once.
 */
const anyKey = 'quorate-upload-begins';

/** Of parts, which nobody else writes. */
const nothing = new Uint8Array(0);
const unseen = { context: undefined, onlyIf: undefined, ttlMs: 0 } as const;

export class ClusterDoor implements UploadDoor<Answer> {
  /** Of parts that are not known to be stored; and of the manifest. */
  private readonly operations = new Map<number | 'manifest', Operation>();

  constructor(private readonly target: UploadTarget) {}

  begin(): Promise<string> {
    const { client, bucket, terms, size } = this.target;
    return client.ask({
      subject: `${client.prefix}.put.${bucket}.${anyKey}`,
      headers: {
        [headerNames.upload]: 'begin',
        [headerNames.ttl]: '1',
        ...(size !== undefined && { [headerNames.size]: String(size) }),
      },
      timeoutMs: terms.timeoutMs,
      read: (message) => {
        const upload = message.header(headerNames.upload);
        // What a node said that knows of none: it has put an empty value.
        if (upload === undefined) throw new UnavailableError('these nodes take no big values');
        return uploadText(uploadOfText(upload));
      },
    });
  }

  async putPart(upload: string, index: number, bytes: Uint8Array): Promise<void> {
    const { client, key, partTerms } = this.target;
    await answerTo(client, {
      terms: partTerms,
      key: partKey(key, uploadOfText(upload), index),
      value: bytes,
      ...unseen,
      ...this.operation(index),
    });
    this.operations.delete(index);
  }

  commit({ upload, size, sha256 }: UploadedValue): Promise<Answer> {
    const { client, key, terms, context, onlyIf, ttlMs } = this.target;
    const partBytes = partLimits.partBytesMax;
    const manifest = { size, partBytes, sha256, upload: uploadOfText(upload) };
    return answerTo(client, {
      terms,
      key,
      value: encodeManifest(manifest),
      isManifest: true,
      context,
      onlyIf,
      ttlMs,
      ...this.operation('manifest'),
    });
  }

  /** A mark among its parts, by which nodes free them; what nobody marks they free in time. */
  async abort(upload: string): Promise<void> {
    const { client, key, endTerms } = this.target;
    await answerTo(client, {
      terms: endTerms,
      key: partKey(key, uploadOfText(upload), givenUpIndex),
      value: nothing,
      ...unseen,
      operation: client.nextOperation(),
      isNamed: false,
    }).catch(() => undefined);
  }

  private operation(of: number | 'manifest'): {
    readonly operation: ByteString;
    readonly isNamed: boolean;
  } {
    let operation = this.operations.get(of);
    if (operation === undefined) {
      operation = { id: this.target.client.nextOperation(), wasTried: false };
      this.operations.set(of, operation);
    }
    const isNamed = operation.wasTried;
    operation.wasTried = true;
    return { operation: operation.id, isNamed };
  }
}
