#!/usr/bin/env node
// The command line is TypeScript, as everything else here: tsx reads it without a build.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
