/** Dense row numbers, one type per table; -1 = none. A row is reused after its object is forgotten: keep ids (Table.id) across batches. */
export type ProcessIndex = number & { readonly __index?: "process" };
export type ImageIndex = number & { readonly __index?: "image" };
export type FileIndex = number & { readonly __index?: "file" };
export type ConnectionIndex = number & { readonly __index?: "connection" };
/** One side of a connection: 2 x connection + side. */
export type EndIndex = number & { readonly __index?: "end" };
export type ChannelIndex = number & { readonly __index?: "channel" };
/** What an end moved lately. */
export type SampleIndex = number & { readonly __index?: "sample" };
export type MarkIndex = number & { readonly __index?: "mark" };
export type EdgeIndex = number & { readonly __index?: "edge" };

export const NONE = -1;
