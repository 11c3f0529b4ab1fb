/** `npm run sbom`: the bill of materials of what is delivered, as CycloneDX, when all licences in it are allowed. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { refusedLicences, type Component } from './licences.ts';

const FILE = fileURLToPath(new URL('../../sbom.cdx.json', import.meta.url));

const { stdout } = await promisify(execFile)(
  'npm',
  ['sbom', '--omit=dev', '--sbom-format=cyclonedx', '--sbom-type=application'],
  { maxBuffer: 64 * 1024 * 1024 },
);
const { components } = JSON.parse(stdout) as { readonly components: readonly Component[] };
const refused = refusedLicences(components);
if (refused.length > 0) {
  process.stderr.write(
    `These packages have a licence that is not allowed (tools/sbom/licences.ts):\n  ${refused.join('\n  ')}\n`,
  );
  process.exitCode = 1;
} else {
  await writeFile(FILE, stdout);
  process.stdout.write(`${components.length} packages, all with permissive licences: sbom.cdx.json\n`);
}
