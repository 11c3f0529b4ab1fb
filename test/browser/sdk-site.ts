/** A website that is independent of Sluice: its pages load SDKs from it, and it stays up while Sluice is down. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

declare global {
  interface Window {
    readonly settings: unknown;
    /** The common part of RudderStack's SDK and Segment's. */
    sdk: {
      readonly identify: (user: string) => unknown;
      readonly track: (event: string, properties: { readonly seq: number }) => unknown;
    };
    /** Whether the SDK is ready to send. */
    isReady?: boolean;
  }
}

/** Bundles an npm package as a website would. */
const bundle = async (file: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false,
    logLevel: 'silent',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`esbuild made no output of ${file}`);
  return output.text;
};

const html = (script: string, settings: unknown): string => `<!doctype html>
<html lang="en">
  <head>
    <title>A website</title>
    <link rel="icon" href="data:,">
    <script>window.settings = ${JSON.stringify(settings).replaceAll('<', String.raw`\u003c`)};</script>
    <script src="${script}"></script>
  </head>
  <body>Hello</body>
</html>
`;

export class Site {
  readonly #files = new Map<string, { readonly type: string; readonly text: string }>();
  readonly #server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const file = this.#files.get(path);
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': `${file.type}; charset=utf-8` }).end(file.text);
  });

  /** @param scripts bundles by the names that pages use */
  private constructor(scripts: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(scripts)) {
      this.#files.set(`/${name}.js`, { type: 'text/javascript', text });
    }
  }

  /** @param files TypeScript files in this folder, by the names of the scripts that are built from them */
  static async start(files: Readonly<Record<string, string>>): Promise<Site> {
    const scripts = await Promise.all(
      Object.entries(files).map(async ([name, file]) => [name, await bundle(file)] as const),
    );
    const site = new Site(Object.fromEntries(scripts));
    site.#server.listen(0, '127.0.0.1');
    await once(site.#server, 'listening');
    return site;
  }

  /** With another host name than Sluice's address, so that requests to Sluice are cross-site, as they usually are. */
  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @returns the URL of a page that runs a script, which reads its settings from `window.settings` */
  addPage(path: string, script: string, settings: unknown): string {
    this.#files.set(path, { type: 'text/html', text: html(`/${script}.js`, settings) });
    return `${this.url}${path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
