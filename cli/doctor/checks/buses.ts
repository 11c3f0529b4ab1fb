/** Buses that destinations send to: EventBridge may take what is sent to one that is not there, and drop it (docs/destinations.md). */
import { ENV } from '../../../contract/environment.ts';
import { resourcesOf, type TemplateTree } from '../../../local/template/tree.ts';
import { plural } from '../../format.ts';
import { fine, fineUnless, NotRead, notChecked, type Finding, type Problem } from '../finding.ts';
import { treeOf, type Check } from '../world.ts';

/** As the template has an ARN: written out, or joined around pseudo parameters, which are left empty here. */
const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': join } = (value ?? {}) as {
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
  };
  return join === undefined
    ? ''
    : join[1].map((part) => (typeof part === 'string' ? part : '')).join(join[0]);
};

const ARN = /^arn:[^:]*:events:([^:]*):([^:]*):event-bus\/(.+)$/;

/**
 * Pure. Names, for buses of the stack's own account and region, and ARNs. A bus that is a resource of the app has no name in the template:
 * CloudFormation has made it.
 */
export const busesOf = (tree: TemplateTree): readonly string[] => {
  const arns = resourcesOf(tree).flatMap(({ type, properties }) => {
    if (type !== 'AWS::Lambda::Function') return [];
    const { Variables = {} } = (properties['Environment'] ?? {}) as {
      readonly Variables?: Readonly<Record<string, unknown>>;
    };
    return [textOf(Variables[ENV.destinationArn])];
  });
  const buses = arns.flatMap((arn) => {
    const [, region = '', account = '', name = ''] = ARN.exec(arn) ?? [];
    if (name === '') return [];
    return [region === '' || account === '' ? name : arn];
  });
  return [...new Set(buses)].sort();
};

const nameOf = (bus: string): string => ARN.exec(bus)?.[3] ?? bus;

const fixOf = (bus: string, options: string): string => {
  const region = ARN.exec(bus)?.[1];
  const place = region === undefined ? options : `${options.replace(/ --region \S+/, '')} --region ${region}`;
  return `aws events create-event-bus --name ${nameOf(bus)}${place}, or take the destination out of the configuration`;
};

/** Pure. @param found whether each is there; an error: why that is not known */
export const judgeBuses = (found: ReadonlyMap<string, boolean | NotRead>, options: string): Finding => {
  if (found.size === 0) return fine('none is named');
  const unread = [...found].flatMap(([bus, is]) => (is instanceof NotRead ? [`${bus}: ${is.message}`] : []));
  if (unread.length === found.size) return notChecked(unread.join('\n'));
  const problems = [...found].flatMap(([bus, is]): Problem[] =>
    is === false
      ? [
          {
            what: `there is no event bus ${bus}: EventBridge may drop what is sent to it, and then it counts as delivered`,
            fix: fixOf(bus, options),
          },
        ]
      : [],
  );
  const read = [...found].flatMap(([bus, is]) => (is instanceof NotRead ? [] : [bus]));
  return fineUnless(problems, `${plural(read.length, 'bus', 'buses')}: ${read.join(', ')}`, unread);
};

export const buses: Check = {
  id: 'buses',
  title: 'event buses exist',
  run: async (world) => {
    const found = new Map<string, boolean | NotRead>();
    for (const bus of busesOf(await treeOf(world)))
      found.set(
        bus,
        // That of another account may refuse to be looked at.
        await world.hasBus(bus).catch((error: unknown) => {
          if (error instanceof NotRead) return error;
          throw error;
        }),
      );
    return judgeBuses(found, world.options);
  },
};
