// Replaces node:diagnostics_channel in a page, which has no subscribers.
export const channel = () => ({ hasSubscribers: false, publish() {} });
