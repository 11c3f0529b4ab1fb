/** Each room is planted an import of every other room: lint must refuse those that it may not know. */
import { readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect, it } from '@jest/globals';
import { ESLint } from 'eslint';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { rooms, zones } from '../../eslint.rooms.js';
import { ROOT } from '../../local/common/settings.ts';

const lint = new ESLint({
  cwd: ROOT,
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ['**/*.ts'],
      plugins: { 'import-x': importX },
      languageOptions: { parser: tseslint.parser },
      rules: { 'import-x/no-restricted-paths': ['error', { zones }] },
    },
  ],
});

const depth = (path: string): number => path.split(sep).length;

/** A module of a room, of no room within it where there is one. */
const moduleOf = (room: string): string => {
  const found = readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort((a, b) => depth(a) - depth(b))[0];
  if (found === undefined) throw new Error(`${room} has no module`);
  return join(room, found);
};

/** @returns whether lint refuses it, and says what the room may import */
const isRefused = async (room: string, imported: string): Promise<boolean> => {
  const filePath = join(ROOT, room, 'planted.ts');
  const path = relative(dirname(filePath), join(ROOT, moduleOf(imported)));
  const specifier = path.startsWith('.') ? path : `./${path}`;
  const [result] = await lint.lintText(`import '${specifier}';\n`, { filePath });
  return (result?.messages ?? []).some(({ message }) => message.includes(`${room} may import`));
};

const names = Object.keys(rooms);
const isWithin = (room: string, other: string): boolean => `${room}/`.startsWith(`${other}/`);

it.each(Object.entries(rooms))('%s may import what is below it, and nothing else', async (room, below) => {
  const found = await Promise.all(names.map(async (other) => [other, await isRefused(room, other)] as const));
  const refused = found.filter(([, is]) => is).map(([other]) => other);
  expect(refused).toEqual(
    names.filter((other) => ![room, ...below].some((allowed) => isWithin(other, allowed))),
  );
  expect(refused.length).toBeGreaterThan(0);
});
