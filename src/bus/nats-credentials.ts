/**
 * Who one is to a NATS server, and what both sides show of themselves, in all the ways that NATS
 * has. Secrets come as text or in files; no error says what is in them.
 */
import { readFileSync } from 'node:fs';
import { credsAuthenticator, nkeyAuthenticator, type Authenticator } from 'nats';
import type { ConnectionOptions } from 'nats/lib/nats-base-client/internal_mod.js';
import { MalformedError } from '../errors.js';
import type { NatsCredentials, NatsTls } from './who-one-is.js';

/** As the package wants them. Throws `MalformedError`. */
export function natsCredentials(given: NatsCredentials): ConnectionOptions {
  const { user, password, token } = given;
  const ways = [
    user ?? password,
    token,
    given.creds ?? given.credsFile,
    given.nkey ?? given.nkeyFile,
  ].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new MalformedError(
      'connecting to NATS: one of user and password, token, credentials, nkey; not several',
    );
  const authenticator = authenticatorOf(given);
  return {
    ...(user === undefined ? {} : { user, pass: password ?? '' }),
    ...(token === undefined ? {} : { token }),
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(given.tls === undefined ? {} : { tls: tlsOf(given.tls) }),
  };
}

function authenticatorOf(given: NatsCredentials): Authenticator | undefined {
  const { creds, credsFile, nkey, nkeyFile } = given;
  if (creds !== undefined || credsFile !== undefined)
    return rereading('credentials', creds, credsFile, ofCredentials);
  if (nkey !== undefined || nkeyFile !== undefined)
    return rereading('nkey', nkey, nkeyFile, ofSeed);
  return undefined;
}

type Make = (text: string) => Authenticator;

/** The package takes the end of a line for a part of the form. */
const ofCredentials: Make = (text) => credsAuthenticator(Buffer.from(`${text}\n`));
const ofSeed: Make = (text) => nkeyAuthenticator(Buffer.from(text));

/** A file that can't be read later on leaves what it held before. */
function rereading(
  what: string,
  text: string | undefined,
  file: string | undefined,
  make: Make,
): Authenticator {
  if (text !== undefined || file === undefined) return checked(`the ${what}`, text ?? '', make);
  let last = checked(`the ${what} in ${file}`, readSecret(what, file), make);
  return (nonce) => {
    try {
      last = make(readFileSync(file, 'utf8').trim());
      return last(nonce);
    } catch {
      return last(nonce);
    }
  };
}

function checked(what: string, text: string, make: Make): Authenticator {
  try {
    const authenticator = make(text.trim());
    // A seed is looked at when something is to be signed.
    authenticator('nonce');
    return authenticator;
  } catch {
    throw new MalformedError(`connecting to NATS: ${what} can't be used: not of that form`);
  }
}

/** Throws `MalformedError` with the reason, which names the file and nothing in it. */
export function readSecret(what: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it is no file';
    throw new MalformedError(`connecting to NATS: ${what}: ${file} can't be read: ${reason}`);
  }
}

function tlsOf({ ca, cert, key, caFile, certFile, keyFile }: NatsTls): object {
  const shown = { ...pemOf('cert', cert, certFile), ...pemOf('key', key, keyFile) };
  if (Object.keys(shown).length === 1)
    throw new MalformedError(
      'connecting to NATS: a certificate needs its key, and a key its certificate',
    );
  return { ...pemOf('ca', ca, caFile), ...shown };
}

function pemOf(what: string, text: string | undefined, file: string | undefined): object {
  const pem = text ?? (file === undefined ? undefined : readSecret(`tls.${what}`, file));
  return pem === undefined ? {} : { [what]: pem };
}
