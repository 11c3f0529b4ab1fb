import { ConfigError, defineConfig, validateConfig } from '../../config/index.ts';

/** The minimum of a configuration. */
export const minimal = defineConfig({
  sources: [{ id: 'web', writeKey: 'key' }],
  destinations: [{ id: 'crm', type: 'webhook', url: 'https://example.com/hook' }],
});

/** The lines of a configuration's error. */
export const mistakes = (config: unknown): readonly string[] => {
  try {
    validateConfig(config, 'sluice.config.ts');
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the configuration was found valid');
};
