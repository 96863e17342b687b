/**
 * Who may connect to a nats-server in the ways that NATS has, with the configuration that lets them
 * in. JWTs are made here, as `nsc` would: an operator, one account, a user in it.
 */
import { nkeys } from 'nats';
import { tlsCertificate } from './tls-certificate.js';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const decoder = new TextDecoder();

function base64(data: string | Uint8Array): string {
  return Buffer.from(data).toString('base64url');
}

/** `claims`: of NATS, in the second version. */
function jwt(signer: KeyPair, subject: KeyPair, name: string, claims: object): string {
  const head = base64(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }));
  const issued = { jti: name, iat: 1_700_000_000, iss: signer.getPublicKey(), name };
  const body = { ...issued, sub: subject.getPublicKey(), nats: { ...claims, version: 2 } };
  const text = `${head}.${base64(JSON.stringify(body))}`;
  return `${text}.${base64(signer.sign(new TextEncoder().encode(text)))}`;
}

export interface Identity {
  /** Of the server. */
  readonly config: string;
  readonly secret: string;
}

export function nkeyIdentity(): Identity {
  const user = nkeys.createUser();
  return {
    config: `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`,
    secret: decoder.decode(user.getSeed()),
  };
}

/** `secret` is the text of a file of credentials. */
export function credentialsIdentity(): Identity {
  const [operator, account] = [nkeys.createOperator(), nkeys.createAccount()];
  const user = nkeys.createUser();
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const limits = { ...unlimited, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true };
  const ofAccount = jwt(operator, account, 'A', { type: 'account', limits });
  const ofUser = jwt(account, user, 'U', { type: 'user', pub: {}, sub: {}, ...unlimited });
  return {
    config: `operator: ${jwt(operator, operator, 'O', { type: 'operator' })}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${ofAccount} }`,
    secret: `-----BEGIN NATS USER JWT-----
${ofUser}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.

-----BEGIN USER NKEY SEED-----
${decoder.decode(user.getSeed())}
------END USER NKEY SEED------
`,
  };
}

/** The paths of files with a certificate and its key; clients have to show one as well. */
export function tlsConfig(cert: string, key: string): string {
  return `tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)}, ca_file: ${JSON.stringify(cert)}, verify: true }`;
}

export { tlsCertificate };
