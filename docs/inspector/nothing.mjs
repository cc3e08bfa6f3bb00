// node:diagnostics_channel, in a page where no one subscribes.
export const channel = () => ({ hasSubscribers: false, publish() {} });
