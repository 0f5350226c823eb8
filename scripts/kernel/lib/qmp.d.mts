export declare class QmpLines {
  push(chunk: string): object[];
}
export declare function messageKind(message: object): 'greeting' | 'event' | 'answer' | 'error';
