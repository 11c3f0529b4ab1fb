import { isToken } from '../../config/index.ts';

/** @param written a name, an ARN, or what CloudFormation fills in, which is an ARN @param ofName makes an ARN of a name */
export const resourceArn = (written: string, ofName: (name: string) => string): string =>
  written.startsWith('arn:') || isToken(written) ? written : ofName(written);
