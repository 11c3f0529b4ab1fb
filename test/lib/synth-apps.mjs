/** Runs CDK apps one after another in one process, which loads the CDK once: `node --import tsx synth-apps.mjs <app> <directory> ...`. */
import { pathToFileURL } from 'node:url';

const [, , ...args] = process.argv;
for (let i = 0; i < args.length; i += 2) {
  process.env.CDK_OUTDIR = args[i + 1];
  await import(pathToFileURL(args[i]).href);
}
