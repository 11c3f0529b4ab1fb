/** What `cdk bootstrap` leaves in an account and region, and the version of it that the template asks for. */
import type { TemplateTree } from '../../../local/template/tree.ts';
import { fine, notChecked, wrong, type Finding } from '../finding.ts';
import { treeOf, type Check } from '../world.ts';

export interface Asked {
  /** The parameter of the Systems Manager in which the version is. */
  readonly parameter: string;
  readonly version: number;
}

interface Bootstrapped {
  readonly Parameters?: { readonly BootstrapVersion?: { readonly Default?: unknown } };
  readonly Rules?: unknown;
}

/** The rule lists the versions that are too old. */
const TOO_OLD = /"Fn::Contains":\[\[([^\]]*)\],\{"Ref":"BootstrapVersion"\}\]/;

/** @returns undefined where the template asks for none */
export const askedOf = ({ template }: TemplateTree): Asked | undefined => {
  const { Parameters, Rules = {} } = template as Bootstrapped;
  const parameter = Parameters?.BootstrapVersion?.Default;
  if (typeof parameter !== 'string') return undefined;
  const [, versions = ''] = TOO_OLD.exec(JSON.stringify(Rules)) ?? [];
  const tooOld = versions.match(/\d+/g) ?? [];
  return { parameter, version: Math.max(0, ...tooOld.map(Number)) + 1 };
};

/** Pure. @param version what the parameter says; undefined: it is not there */
export const judgeBootstrap = (
  { parameter, version: asked }: Asked,
  version: string | undefined,
): Finding => {
  const fix = 'npx cdk bootstrap, with the region and profile of the deployment';
  if (version === undefined)
    return wrong({ what: `the account is not bootstrapped in this region: there is no ${parameter}`, fix });
  return Number(version) >= asked
    ? fine(`version ${version}`)
    : wrong({ what: `the bootstrap stack has version ${version}, and the template asks for ${asked}`, fix });
};

export const bootstrap: Check = {
  id: 'bootstrap',
  title: 'CDK bootstrap',
  run: async (world) => {
    const asked = askedOf(await treeOf(world));
    return asked === undefined
      ? notChecked('the template asks for no version of it')
      : judgeBootstrap(asked, await world.bootstrapVersion(asked.parameter));
  },
};
