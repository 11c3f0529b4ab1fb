/** A pipeline with some of everything, and words for its parts. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { logicalId, resource, synthesize, type Synthesized } from './synth.ts';

export const both = synthesize({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: [
    {
      id: 'crm',
      type: 'webhook',
      url: 'https://crm.example.com/hook',
      headers: { authorization: { secretName: 'crm/token' }, 'x-team': 'web' },
      signingSecret: { secretName: 'crm/signing' },
      maxConcurrency: 7,
    },
    { id: 'a-1', type: 'webhook', url: 'https://a.example.com', enabled: false },
    { id: 'a1', type: 'webhook', url: 'https://b.example.com' },
  ],
  router: { maxConcurrency: 33 },
});

export const STAGES = ['Router', 'Destination-crm', 'Destination-a-1', 'Destination-a1'];
export const FUNCTIONS = [...STAGES, 'Ingest', 'Control'];

export const idOf = (place: string): string => logicalId(both, place);
export const getAtt = (place: string) => ({ 'Fn::GetAtt': [idOf(place), 'Arn'] });
/** As JSON, to be a key. */
export const arnOf = (place: string): string => JSON.stringify(getAtt(place));
export const queueArn = (stage: string): string => arnOf(`${stage}/Queue`);

/** The environment of the function at this place. */
export const environment = (synthesized: Synthesized, place: string): Record<string, unknown> => {
  const handler = resource(synthesized, `${place}/Function/Handler`);
  return (handler.Properties['Environment'] as { Variables: Record<string, unknown> }).Variables;
};

/** The deploy-time settings of the function at this place: the `bundle.json` next to its code. */
export const bundle = (synthesized: Synthesized, place: string): unknown => {
  const { Code } = resource(synthesized, `${place}/Function/Handler`).Properties as {
    Code: { S3Key: string };
  };
  const asset = `asset.${path.basename(Code.S3Key, '.zip')}`;
  return JSON.parse(readFileSync(path.join(synthesized.app.outdir, asset, 'bundle.json'), 'utf8'));
};
