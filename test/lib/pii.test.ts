/** `pii` of a destination, in the template: its function alone knows it, and may read its secret. */
import { afterAll, expect, it } from '@jest/globals';
import { bundle } from './example.ts';
import { minimal, permissions, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

it('of whatever kind the destination is: its function reads the secret, and the router knows nothing of it', () => {
  const pii = { hash: ['userId'], drop: ['context.ip'], secret: { secretName: 'pii/key' } };
  const clicks = { id: 'clicks', type: 'kinesis' as const, stream: 'clicks' };
  const plain = synthesize({ ...minimal, destinations: [clicks] });
  const masked = synthesize({ ...minimal, destinations: [{ ...clicks, pii }] });
  expect(bundle(masked, 'Destination-clicks')).toMatchObject({ pii });
  expect(bundle(plain, 'Destination-clicks')).not.toHaveProperty('pii');
  expect(bundle(masked, 'Router')).toEqual(bundle(plain, 'Router'));
  const secrets = (of: ReturnType<typeof synthesize>, place: string): readonly string[] =>
    Object.entries(permissions(of, place))
      .filter(([, actions]) => actions.includes('secretsmanager:GetSecretValue'))
      .map(([name]) => name);
  expect(secrets(masked, 'Destination-clicks')).toEqual([expect.stringContaining('pii/key-??????')]);
  expect(secrets(plain, 'Destination-clicks')).toEqual([]);
  expect(secrets(masked, 'Router')).toEqual([]);
});
