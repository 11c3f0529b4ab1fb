/** The pipeline under test. It has a path of its own, so that runs replace each other in the cache of assemblies. */
import { defineConfig } from '../../config/index.ts';

const urls = (process.env['BENCH_DESTINATIONS'] ?? '').split(' ');

const file = process.env['BENCH_TRANSFORM'] ?? '';
const transform = file === '' ? {} : { transform: file };

export default defineConfig({
  sources: [{ id: 'bench', writeKey: 'bench-write-key' }],
  ...transform,
  destinations: urls.map((url, i) => ({ id: `destination-${i + 1}`, type: 'webhook', url, ...transform })),
});
