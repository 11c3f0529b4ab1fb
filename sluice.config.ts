/**
 * The sample pipeline: one source, one webhook on this machine. `npm start` runs it as it is.
 * `docs/configuration.md` describes every key.
 */
import { defineConfig } from './config/index.ts';

export default defineConfig({
  sources: [{ id: 'web', writeKey: 'local-write-key' }],
  destinations: [
    {
      id: 'crm',
      type: 'webhook',
      // Something that listens on this machine: the local run allows it; on AWS, name a public address.
      url: 'http://127.0.0.1:9000/hook',
    },
  ],
});
