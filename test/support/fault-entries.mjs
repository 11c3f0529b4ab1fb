/** Calls of several entries, of which those fail that have a text: service by service. */

/** By the Ids of entries: SQS. */
const sqs = (sent, text) => {
  const input = JSON.parse(sent);
  const isFailing = (entry) => JSON.stringify(entry).includes(text);
  const Failed = input.Entries.filter(isFailing).map(({ Id }) => ({
    Id,
    SenderFault: false,
    Code: 'InternalError',
    Message: 'a fault',
  }));
  const Entries = input.Entries.filter((entry) => !isFailing(entry));
  return {
    contentType: 'application/x-amz-json-1.0',
    left: Entries.length === 0 ? undefined : JSON.stringify({ ...input, Entries }),
    answer: (said) => JSON.stringify({ ...(said === undefined ? {} : JSON.parse(said)), Failed }),
  };
};

/** By the Ids of entries, in a form and XML. */
const sns = (sent, text) => {
  const form = new URLSearchParams(sent);
  const PREFIX = /^PublishBatchRequestEntries\.member\.(\d+)\.(.*)$/;
  const entries = new Map();
  const left = new URLSearchParams();
  for (const [name, value] of form) {
    const [, n, field] = PREFIX.exec(name) ?? [];
    if (n === undefined) left.append(name, value);
    else entries.set(n, [...(entries.get(n) ?? []), [field, value]]);
  }
  const failed = [];
  let count = 0;
  for (const fields of entries.values()) {
    if (fields.some(([, value]) => value.includes(text))) {
      failed.push(Object.fromEntries(fields).Id);
      continue;
    }
    count += 1;
    for (const [field, value] of fields)
      left.append(`PublishBatchRequestEntries.member.${count}.${field}`, value);
  }
  const members = failed
    .map(
      (id) =>
        `<member><Id>${id}</Id><Code>InternalError</Code><Message>a fault</Message><SenderFault>false</SenderFault></member>`,
    )
    .join('');
  const EMPTY =
    '<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful/><Failed/></PublishBatchResult></PublishBatchResponse>';
  return {
    contentType: 'text/xml',
    left: count === 0 ? undefined : left.toString(),
    answer: (said = EMPTY) => said.replace('<Failed/>', `<Failed>${members}</Failed>`),
  };
};

/** By their places: an answer has a line for each record. */
const firehose = (sent, text) => {
  const input = JSON.parse(sent);
  const isFailing = ({ Data }) => Buffer.from(Data, 'base64').includes(text);
  const Records = input.Records.filter((record) => !isFailing(record));
  const failure = { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'a fault' };
  return {
    contentType: 'application/x-amz-json-1.1',
    left: Records.length === 0 ? undefined : JSON.stringify({ ...input, Records }),
    answer: (said) => {
      const taken = said === undefined ? [] : JSON.parse(said).RequestResponses;
      const RequestResponses = input.Records.map((record) => (isFailing(record) ? failure : taken.shift()));
      const FailedPutCount = RequestResponses.filter((one) => one === failure).length;
      return JSON.stringify({ FailedPutCount, RequestResponses });
    },
  };
};

/**
 * @returns the content type of an answer; the call without the entries that fail, undefined when none is left; and the service's answer to
 *   it (undefined: it got none) with those
 */
export const entriesOf = (target, sent, text) => {
  if (target === 'SNS') return sns(sent, text);
  return target.startsWith('Firehose') ? firehose(sent, text) : sqs(sent, text);
};
