/** Tells of changed files, a moment after the last of them: editors write several, and some in two steps. */
import { sep } from 'node:path';
import { watch } from 'chokidar';

/** Milliseconds. */
const SETTLE = 60;

/** What no source is in: packages, what is synthesized, data of a run, versions. */
const IGNORED = /^(node_modules|cdk\.out|dist|coverage|\.[^/\\]*)$/;

/** A log that is written next to the sources is none of them. */
const SOURCE = /\.([cm]?[jt]sx?|json|ya?ml|toml)$/;

export interface Watching {
  close(): Promise<void>;
}

/**
 * @param root a directory; with all that is in it
 * @param dataDir of the run, wherever it is: what is written there is no change of a source
 * @param onChange absolute paths. While it is at work further changes are collected
 */
export const watchSources = (
  root: string,
  dataDir: string,
  onChange: (changed: readonly string[]) => Promise<void>,
): Watching => {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  const flush = async (): Promise<void> => {
    if (isBusy || changed.size === 0) return;
    isBusy = true;
    const files = [...changed];
    changed.clear();
    await onChange(files);
    isBusy = false;
    await flush();
  };
  const isIgnored = (path: string): boolean =>
    path === dataDir ||
    (path !== root &&
      path
        .slice(root.length + 1)
        .split(sep)
        .some((part) => IGNORED.test(part)));
  const watcher = watch(root, { ignored: isIgnored, ignoreInitial: true });
  watcher.on('all', (event, path) => {
    if (event === 'addDir' || event === 'unlinkDir' || !SOURCE.test(path)) return;
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), SETTLE);
  });
  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
};
