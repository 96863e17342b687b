import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const compose = readFileSync('docker/compose.yaml', 'utf8');
const kubernetes = readFileSync('docker/kubernetes/quorate.yaml', 'utf8');

test('compose: no password unless one is given, and none as an argument', () => {
  const passwords = compose.match(/\$\{QUORATE_\w+_PASSWORD\S*/g);
  expect(new Set(passwords?.map((text) => /QUORATE_\w+/.exec(text)![0]))).toEqual(
    new Set(['QUORATE_NODE_PASSWORD', 'QUORATE_APP_PASSWORD', 'QUORATE_ROUTE_PASSWORD']),
  );
  // `:-` would be a password everybody can read; `:?` stops compose.
  expect(compose).not.toMatch(/PASSWORD:?-/);
  for (const name of ['NODE', 'APP', 'ROUTE'])
    expect(compose).toContain(`\${QUORATE_${name}_PASSWORD:?`);
  expect(compose).not.toMatch(/--\w+-password/);
});

test('Kubernetes: pods have no token of a service account, and nobody connects to them', () => {
  expect(kubernetes).toMatch(/^ {6}automountServiceAccountToken: false$/m);
  const policy = kubernetes.split('---').find((text) => text.includes('kind: NetworkPolicy'));
  expect(policy).toContain('policyTypes: [Ingress, Egress]');
  expect(policy).toContain('ingress: []');
});
