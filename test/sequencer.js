import Sequencer from '@jest/test-sequencer';

const FIRST = ['/test/integration/', '/test/simulation/', '/test/sandbox/', '/test/cli/', '/test/lib/'];

const rank = ({ path }) => {
  const place = FIRST.findIndex((folder) => path.includes(folder));
  return place === -1 ? FIRST.length : place;
};

/**
 * A suite that mostly waits is best begun first: what is short fills the gaps behind it. Jest orders by size as long as it has no
 * durations of an earlier run, and a fresh clone has none.
 */
export default class extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
}
