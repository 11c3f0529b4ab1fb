/**
 * A tag of the pipeline's queues, with `pipeline` as its value. By it control may count the messages of queues that the
 * template no longer names: those that removed destinations have left behind.
 */
export const PIPELINE_TAG = 'sluice:pipeline';
