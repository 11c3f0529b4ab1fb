import { expect, it } from '@jest/globals';
import { LOCAL_ONLY, manifestOf, packageOf } from '../../../tools/package/manifest.ts';

const CHECKOUT = {
  version: '1.2.3',
  description: 'd',
  license: 'Apache-2.0',
  engines: { node: '>=20' },
  dependencies: { ms: '2.1.3', valibot: '1.5.0', dynalite: '4.0.0', 'aws-cdk-lib': '2.276.0', tsx: '4.0.0' },
};

it.each([
  ['ms', 'ms'],
  ['aws-cdk-lib/aws-sqs', 'aws-cdk-lib'],
  ['@aws-sdk/client-sqs', '@aws-sdk/client-sqs'],
  ['@scope/name/deep/file.js', '@scope/name'],
  ['node:fs', undefined],
  ['fs/promises', undefined],
  ['./text.js', undefined],
])('%s is of the package %s', (specifier, name) => {
  expect(packageOf(specifier)).toBe(name);
});

it('depends on what is imported, and on nothing else of the checkout', () => {
  expect(manifestOf(CHECKOUT, new Set(['valibot', 'ms']))).toMatchObject({
    version: '1.2.3',
    dependencies: { ms: '2.1.3', valibot: '1.5.0' },
  });
});

it("leaves the CDK to the app, and the local run's stores to whoever runs it", () => {
  expect(LOCAL_ONLY).toContain('dynalite');
  const manifest = manifestOf(CHECKOUT, new Set(['ms', 'dynalite', 'aws-cdk-lib', 'constructs']));
  expect(manifest).toMatchObject({
    dependencies: { ms: '2.1.3' },
    peerDependencies: {
      'aws-cdk-lib': expect.any(String),
      constructs: expect.any(String),
      dynalite: '^4.0.0',
    },
    peerDependenciesMeta: { dynalite: { optional: true } },
  });
});

it('leaves the clients that only the doctor needs to those who want all of its checks', () => {
  const client = '@aws-sdk/client-ssm';
  const checkout = { ...CHECKOUT, dependencies: { ...CHECKOUT.dependencies, [client]: '3.1.0' } };
  expect(manifestOf(checkout, new Set([client]))).toMatchObject({
    dependencies: {},
    peerDependencies: { [client]: '^3.1.0' },
    peerDependenciesMeta: { [client]: { optional: true } },
  });
});

it('refuses an import that the checkout has no dependency for', () => {
  expect(() => manifestOf(CHECKOUT, new Set(['left-pad']))).toThrow(
    'package.json has no dependency left-pad, which the package imports',
  );
});
