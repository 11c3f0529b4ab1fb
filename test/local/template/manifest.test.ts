import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readAssembly } from '../../../local/template/assembly.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-assembly-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

interface Written {
  /** Logical ids by the path of their construct. */
  readonly resources: Readonly<Record<string, string>>;
  readonly pipelines?: readonly string[];
}

/** As the CDK writes it. @param directory of the assembly, or of one in it */
const write = (
  directory: string,
  stacks: Readonly<Record<string, Written>>,
  stages: readonly string[] = [],
) => {
  mkdirSync(directory, { recursive: true });
  const json = (name: string, value: unknown) => writeFileSync(join(directory, name), JSON.stringify(value));
  for (const [id, { resources, pipelines = [] }] of Object.entries(stacks)) {
    json(`${id}.template.json`, {
      Resources: Object.fromEntries(
        Object.values(resources).map((logicalId) => [logicalId, { Type: 'AWS::SQS::Queue' }]),
      ),
    });
    json(`${id}.assets.json`, { files: {} });
    json(`${id}.metadata.json`, {
      ...Object.fromEntries(
        Object.entries(resources).map(([path, data]) => [`/${path}`, [{ type: 'aws:cdk:logicalId', data }]]),
      ),
      ...Object.fromEntries(pipelines.map((path) => [`/${path}`, [{ type: 'sluice:pipeline', data: path }]])),
    });
  }
  json('manifest.json', {
    artifacts: {
      ...Object.fromEntries(
        Object.keys(stacks).map((id) => [
          id,
          {
            type: 'aws:cloudformation:stack',
            properties: { templateFile: `${id}.template.json` },
            additionalMetadataFile: `${id}.metadata.json`,
          },
        ]),
      ),
      ...Object.fromEntries(
        stages.map((directoryName) => [
          directoryName,
          { type: 'cdk:cloud-assembly', properties: { directoryName } },
        ]),
      ),
    },
  });
};

const SHOP: Written = {
  resources: { 'Shop/Own': 'Own', 'Shop/Events/Queue': 'EventsQueue', 'Shop/EventsToo/Queue': 'TooQueue' },
  pipelines: ['Shop/Events'],
};

const deployed = async (pipeline?: string) => {
  const { resources } = await readAssembly(dir, pipeline);
  return resources.filter(({ isForeign }) => isForeign === undefined).map(({ logicalId }) => logicalId);
};

describe('of an app of its own', () => {
  it('only the pipeline is deployed; the rest of its stack may be referred to', async () => {
    write(dir, { Shop: SHOP, Other: { resources: { 'Other/Queue': 'Queue' } } });
    expect(await deployed()).toEqual(['EventsQueue']);
    expect((await readAssembly(dir)).resources).toHaveLength(3);
  });

  it('a pipeline in a stage is found', async () => {
    write(dir, {}, ['assembly-Prod']);
    write(join(dir, 'assembly-Prod'), { Shop: SHOP });
    expect(await deployed()).toEqual(['EventsQueue']);
  });

  it('of several pipelines one has to be named', async () => {
    write(dir, { Shop: { ...SHOP, pipelines: ['Shop/Events', 'Shop/EventsToo'] } });
    await expect(deployed()).rejects.toThrow(
      'the app has several pipelines: name one of Shop/Events, Shop/EventsToo with --pipeline',
    );
    expect(await deployed('Shop/EventsToo')).toEqual(['TooQueue']);
    await expect(deployed('Shop/Evnts')).rejects.toThrow(
      'the app has no pipeline Shop/Evnts; it has Shop/Events, Shop/EventsToo',
    );
  });

  it('without a pipeline is refused', async () => {
    write(dir, { One: { resources: { 'One/Queue': 'Queue' } }, Two: { resources: {} } });
    await expect(deployed()).rejects.toThrow('the app has no EventPipeline in any of its stacks');
  });
});

it('a single stack of an older version, which says nothing of itself, is a pipeline as a whole', async () => {
  write(dir, { Sluice: { resources: { 'Sluice/Queue': 'Queue' } } });
  expect(await deployed()).toEqual(['Queue']);
});
