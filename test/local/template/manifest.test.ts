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

describe('with a nested stack', () => {
  const json = (name: string, value: unknown) => writeFileSync(join(dir, name), JSON.stringify(value));
  const id = (data: string) => [{ type: 'aws:cdk:logicalId', data }];
  const told = [{ type: 'sluice:transform', data: {} }];
  const fn = { Type: 'AWS::Lambda::Function' };
  const nested = (key: string) => ({
    Type: 'AWS::CloudFormation::Stack',
    Properties: {
      TemplateURL: { 'Fn::Join': ['', ['https://s3/', { Ref: 'AWS::Region' }, `/${key}.json`]] },
    },
  });

  beforeEach(() => {
    write(dir, { Shop: { resources: {} } });
    json('Shop.template.json', {
      Resources: { FnAAAAAAAA: fn, OwnBBBBBBBB: nested('own'), TheirsCCCCCCCC: nested('theirs') },
    });
    for (const name of ['own', 'theirs'])
      json(`${name}.nested.template.json`, { Resources: { FnAAAAAAAA: fn } });
    json('Shop.assets.json', {
      files: Object.fromEntries(
        ['own', 'theirs'].map((name) => [
          name,
          {
            source: { path: `${name}.nested.template.json` },
            destinations: { here: { objectKey: `${name}.json` } },
          },
        ]),
      ),
    });
    json('Shop.metadata.json', {
      '/Shop/Events': [{ type: 'sluice:pipeline', data: 'Shop/Events' }],
      '/Shop/Events/Own.NestedStack/Own.NestedStackResource': id('OwnBBBBBBBB'),
      '/Shop/Theirs.NestedStack/Theirs.NestedStackResource': id('TheirsCCCCCCCC'),
      '/Shop/Events/One/Function': told,
      '/Shop/Events/One/Function/Handler/Resource': id('FnAAAAAAAA'),
      '/Shop/Events/Own/Two/Function': told,
      '/Shop/Events/Own/Two/Function/Handler/Resource': id('FnAAAAAAAA'),
      '/Shop/Theirs/Three/Function/Handler/Resource': id('FnAAAAAAAA'),
    });
  });

  it("the pipeline's own nested stacks are deployed with it, and no other", async () => {
    expect(await deployed()).toEqual(['FnAAAAAAAA', 'OwnBBBBBBBB', 'FnAAAAAAAABBBBBBBB']);
    expect((await readAssembly(dir)).resources.map(({ logicalId }) => logicalId)).toContain(
      'FnAAAAAAAACCCCCCCC',
    );
  });

  it('what a function says of itself is found by its id here', async () => {
    const { described } = await readAssembly(dir);
    expect([...(described ?? [])]).toEqual([
      ['FnAAAAAAAA', told],
      ['FnAAAAAAAABBBBBBBB', told],
    ]);
  });

  it('whose template is not there is refused', async () => {
    json('Shop.assets.json', { files: {} });
    await expect(deployed()).rejects.toThrow('has no template of a nested stack');
  });
});
