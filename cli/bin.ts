#!/usr/bin/env node
/** `sluice` of an installed package; a checkout has `sluice.mjs`, which loads TypeScript. */
import './main.ts';
