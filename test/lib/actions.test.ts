/** Destinations of Segment's catalogue in the template: their code, what they know, and what they may read. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { BUNDLE_FILES } from '../../contract/bundle.ts';
import { buildCode } from '../../lib/code.ts';
import { ROOT } from '../../local/common/settings.ts';
import { bundle } from './example.ts';
import { logicalId, minimal, permissions, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const place = { baseDir: ROOT, where: 'Sluice/Pipeline' };
const code = (destination: string) =>
  buildCode('deliver', { destination: { id: 'it', type: 'actions', destination } }, place);

describe('the code', () => {
  it('has one destination of the catalogue, and the program of its thread', () => {
    const { files } = code('slack');
    const text = Buffer.from(files.get(BUNDLE_FILES.catalogue) ?? []).toString();
    expect(text).toContain('Invalid Slack URL');
    expect(text).not.toContain('api2.amplitude.com');
    expect(files.has(BUNDLE_FILES.actions)).toBe(true);
  });

  it('of another kind has neither', () => {
    const { files } = buildCode('deliver', { destination: { id: 'it', type: 'sqs', fifo: true } }, place);
    expect([...files.keys()]).not.toContain(BUNDLE_FILES.actions);
    expect([...files.keys()]).not.toContain(BUNDLE_FILES.catalogue);
  });

  it('changes its version with the destination', () => {
    expect(code('slack').codeVersion).not.toBe(code('amplitude').codeVersion);
  });

  it.each([
    ['kafka', 'opens connections of its own (kafkajs), which nothing guards; it cannot be used'],
    ['amazon-eventbridge', 'opens connections of its own ('],
    ['salesforce-marketing-cloud', 'cannot be bundled: '],
  ])('%s is refused', (name, words) => {
    expect(() => code(name)).toThrow(`Sluice/Pipeline: destination "it": ${name} of the catalogue ${words}`);
  });
});

describe('the stage', () => {
  const example = synthesize({
    ...minimal,
    destinations: [
      {
        id: 'chat',
        type: 'actions',
        destination: 'slack',
        subscriptions: [
          {
            action: 'postToChannel',
            subscribe: 'type = "track"',
            mapping: { url: { secretName: 'hook' }, text: 'hello' },
          },
        ],
      },
    ],
  });

  it('knows the subscriptions with their defaults, and the names of the secrets', () => {
    expect(bundle(example, 'Destination-chat')).toMatchObject({
      destination: {
        id: 'chat',
        type: 'actions',
        destination: 'slack',
        subscriptions: [{ mapping: { url: { secretName: 'hook' }, text: 'hello', username: 'Segment' } }],
      },
    });
  });

  it('may read the secrets that the mapping names', () => {
    expect(JSON.stringify(permissions(example, 'Destination-chat'))).toContain('secret:hook-??????');
  });

  it('has memory for a thread of its own', () => {
    const id = logicalId(example, 'Destination-chat/Function/Handler');
    expect(example.resources[id]?.Properties).toMatchObject({ MemorySize: 512 });
  });

  it('is refused by its definition when the app is synthesized', () => {
    expect(() =>
      synthesize({ ...minimal, destinations: [{ id: 'chat', type: 'actions', destination: 'slack' }] }),
    ).toThrow('destinations[0].subscriptions: is missing; slack has no presets');
  });
});
