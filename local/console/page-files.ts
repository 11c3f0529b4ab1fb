/**
 * The console's page: bundled from its sources when it is first asked for, kept in memory, and never loaded from elsewhere. A package of
 * Sluice brings it as it was bundled.
 */
import { build } from 'esbuild';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PageFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const PAGE = fileURLToPath(new URL('page/', import.meta.url));

/** In a package, the directory of the files that `buildPage` made, next to this module. */
export const PAGE_FILES = 'page-files';

/**
 * Users' events are shown on this page. The policy is what stands behind the care with which they are: no script but the
 * page's own file runs, nothing is sent anywhere else, no text becomes markup, and no other page may frame this one.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HTML_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

/** By name. @throws Error with esbuild's messages when the page's sources cannot be bundled */
export const buildPage = async (): Promise<ReadonlyMap<string, string>> => {
  const [html, icon, { outputFiles }] = await Promise.all([
    readFile(`${PAGE}index.html`, 'utf8'),
    readFile(`${PAGE}icon.svg`, 'utf8'),
    build({
      absWorkingDir: PAGE,
      entryPoints: { page: 'main.ts', style: 'style.css' },
      outdir: PAGE,
      bundle: true,
      format: 'esm',
      target: 'es2022',
      write: false,
      logLevel: 'silent',
    }),
  ]);
  const output = (name: string): string => {
    const file = outputFiles.find(({ path }) => path.endsWith(name));
    if (file === undefined) throw new Error(`the console's page has no ${name}`);
    return file.text;
  };
  return new Map([
    ['index.html', html],
    ['icon.svg', icon],
    ['page.js', output('page.js')],
    ['style.css', output('style.css')],
  ]);
};

const packagedPage = async (): Promise<ReadonlyMap<string, string> | undefined> => {
  const directory = fileURLToPath(new URL(PAGE_FILES, import.meta.url));
  const names = await readdir(directory).catch(() => undefined);
  if (names === undefined) return undefined;
  const read = names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const);
  return new Map(await Promise.all(read));
};

const load = async (): Promise<ReadonlyMap<string, PageFile>> => {
  const files = (await packagedPage()) ?? (await buildPage());
  const file = (type: string, name: string): PageFile => ({
    headers: { 'content-type': type },
    body: files.get(name) ?? '',
  });
  return new Map([
    ['/', { ...file('', 'index.html'), headers: HTML_HEADERS }],
    ['/icon.svg', file('image/svg+xml', 'icon.svg')],
    ['/page.js', file('text/javascript; charset=utf-8', 'page.js')],
    ['/style.css', file('text/css; charset=utf-8', 'style.css')],
  ]);
};

let loaded: Promise<ReadonlyMap<string, PageFile>> | undefined;

/**
 * @param path as in the URL
 * @returns undefined when the page has no such file
 * @throws Error with esbuild's messages when the page's sources cannot be bundled; the next request tries again
 */
export const pageFile = async (path: string): Promise<PageFile | undefined> => {
  loaded ??= load();
  try {
    return (await loaded).get(path);
  } catch (error) {
    loaded = undefined;
    throw error;
  }
};
