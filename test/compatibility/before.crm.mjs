export default (event) => {
  if (event.userId.startsWith('poison')) throw new Error('not today');
  return event;
};
