import { readFileSync } from 'node:fs';

/** What Sluice's own `package.json` says. A checkout's has no peers: it is not for others to install. */
interface OwnPackage {
  readonly name: string;
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export const ownPackage = (): OwnPackage => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return { peerDependencies: {}, ...(JSON.parse(text) as Omit<OwnPackage, 'peerDependencies'>) };
};

/** Sluice's version, as its package says. Not for functions: it is read where they are built. */
export const sluiceVersion = (): string => ownPackage().version;
