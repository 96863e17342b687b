/**
 * A data directory is for one user alone: values lie in it as they are. Directories 0700, files
 * 0600, also those an earlier version left open; nothing that belongs to somebody else, or that
 * somebody else could turn elsewhere. The superuser can do so anyhow, and the root of a volume is
 * often his.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { limits } from '../../actors/rules/limits.js';

const superuser = 0;
const directoryMode = 0o700;
const fileMode = 0o600;

/**
 * Creates it where it is missing. Throws an `Error` that says what to do. Systems without user ids
 * are left alone.
 */
export function makePrivate(path: string, uid: number | undefined = process.getuid?.()): void {
  if (uid === undefined) {
    mkdirSync(path, { recursive: true });
    return;
  }
  checkLinks(resolve(path), uid);
  mkdirSync(path, { recursive: true, mode: directoryMode });
  const owner = statSync(path).uid;
  if (isForeign(owner, uid)) throw belongsTo(path, owner, uid);
  close(path, uid);
}

function isForeign(owner: number, uid: number): boolean {
  return owner !== uid && owner !== superuser;
}

/** What belongs to the superuser stays as he wants it. */
function close(path: string, uid: number): void {
  if (statSync(path).uid === uid) chmodSync(path, directoryMode);
  for (const entry of readdirSync(path)) {
    const at = join(path, entry);
    // Another process that looks at the directory may have taken its lock away meanwhile.
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) continue;
    if (isForeign(found.uid, uid)) throw belongsTo(at, found.uid, uid);
    if (found.uid !== uid) continue;
    if (found.isDirectory()) close(at, uid);
    else if (found.isFile()) chmodIfThere(at);
  }
}

function chmodIfThere(file: string): void {
  try {
    chmodSync(file, fileMode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Every link on the way must be ours: who owns one decides where the data goes. */
function checkLinks(path: string, uid: number): void {
  let links = 0;
  let at = parse(path).root;
  let rest = path.slice(at.length).split(sep);
  while (rest.length > 0) {
    const [name, ...behind] = rest as [string, ...string[]];
    const next = join(at, name);
    const found = lstatSync(next, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isSymbolicLink()) {
      at = next;
      rest = behind;
      continue;
    }
    const target = resolve(dirname(next), readlinkSync(next));
    if (isForeign(found.uid, uid))
      throw new Error(
        `${next} is a link that belongs to user ${found.uid}, who can turn it elsewhere: name the directory itself (${join(target, ...behind)})`,
      );
    if (++links > limits.linksMax) throw new Error('too many links on the way');
    at = parse(target).root;
    rest = [...target.slice(at.length).split(sep), ...behind].filter((part) => part !== '');
  }
}

function belongsTo(path: string, owner: number, uid: number): Error {
  return new Error(
    `${path} belongs to user ${owner}, and this process is user ${uid}: run the node as its owner, ` +
      `name another directory (--data-dir), or, if you trust what is in it, chown -R ${uid} ${path}`,
  );
}
