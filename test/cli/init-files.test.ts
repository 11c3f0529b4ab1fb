import { describe, expect, it } from '@jest/globals';
import { planOf, type Existing } from '../../cli/init/files.ts';

const OWN = {
  name: 'sluice-pipeline',
  version: '1.2.3',
  peerDependencies: { 'aws-cdk-lib': '^2.276.0', constructs: '^10.8.1', dynalite: '^4.0.0' },
};

const plan = (existing: Existing, directory = 'shop-events', spec?: string) =>
  planOf(directory, existing, OWN, { writeKey: 'the-key', spec });

const manifestOf = (existing: Existing, spec?: string) =>
  JSON.parse(plan(existing, 'shop-events', spec).write.get('package.json') ?? '') as Record<string, object>;

describe('in an empty directory', () => {
  it('writes an app with a pipeline, and all that it takes to run and deploy it', () => {
    const { write, paste } = plan({ files: [] });
    expect([...write.keys()]).toEqual([
      'package.json',
      'app.ts',
      'cdk.json',
      'transform.ts',
      'tsconfig.json',
      '.gitignore',
    ]);
    expect(write.get('app.ts')).toContain("new Stack(app, 'Shop-events')");
    expect(write.get('app.ts')).toContain("writeKey: 'the-key'");
    expect(paste).toBeUndefined();
  });

  it("needs the package of this version, the CDK, and for development the local run's stores", () => {
    expect(manifestOf({ files: [] })).toMatchObject({
      name: 'shop-events',
      type: 'module',
      scripts: { dev: 'sluice dev' },
      dependencies: { 'sluice-pipeline': '^1.2.3', 'aws-cdk-lib': '^2.276.0', constructs: '^10.8.1' },
      devDependencies: { dynalite: '^4.0.0', 'aws-cdk': expect.any(String) },
    });
  });

  it("does not install Segment's catalogue, which a destination of its own takes", () => {
    const catalogue = '@segment/action-destinations';
    const own = { ...OWN, peerDependencies: { ...OWN.peerDependencies, [catalogue]: '^3.0.0' } };
    const { write } = planOf('shop', { files: [] }, own, { writeKey: 'the-key' });
    expect(write.get('package.json')).toContain('dynalite');
    expect(write.get('package.json')).not.toContain(catalogue);
  });

  it('takes another version, or a tarball, that it is given', () => {
    expect(manifestOf({ files: [] }, 'file:../sluice.tgz')['dependencies']).toMatchObject({
      'sluice-pipeline': 'file:../sluice.tgz',
    });
  });

  it.each([
    ['events', 'Events'],
    ['9 lives & more', 'Lives-more'],
    ['...', 'Sluice'],
  ])('in %s the stack is called %s', (directory, name) => {
    expect(plan({ files: [] }, directory).write.get('app.ts')).toContain(`new Stack(app, '${name}')`);
  });
});

describe('in a directory that has something', () => {
  it('overwrites no file', () => {
    const { write } = plan({ files: ['app.ts', 'tsconfig.json', '.gitignore'] });
    expect([...write.keys()]).toEqual(['package.json', 'cdk.json', 'transform.ts']);
  });

  it('adds to package.json, and changes nothing that it has', () => {
    const manifest = {
      name: 'mine',
      type: 'commonjs',
      version: '4.0.0',
      scripts: { dev: 'vite' },
      dependencies: { constructs: '10.0.0' },
      devDependencies: { typescript: '7.0.2' },
    };
    const merged = manifestOf({ files: ['package.json'], manifest });
    expect(merged).toMatchObject({
      ...manifest,
      dependencies: { constructs: '10.0.0', 'sluice-pipeline': '^1.2.3' },
    });
    expect(merged['devDependencies']).not.toHaveProperty('constructs');
  });

  it('leaves a CDK app to its author, and says what to put in', () => {
    const { write, paste } = plan({ files: ['cdk.json', 'package.json'], manifest: { name: 'shop' } });
    expect([...write.keys()]).toEqual(['package.json', 'transform.ts']);
    expect(paste).toContain("import { EventPipeline } from 'sluice-pipeline'");
    expect(paste).toContain("writeKey: 'the-key'");
    expect(JSON.parse(write.get('package.json') ?? '')).not.toHaveProperty('scripts');
  });
});
