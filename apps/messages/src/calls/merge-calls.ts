// Calls that come while one is under way are answered together by the next: one statement for many callers, and never an answer
// that is older than its question.

export interface MergeDeps<Q, A> {
  /** Answers in the order of the questions. */
  run(questions: readonly Q[]): Promise<readonly A[]>;
  readonly max: number;
}

export function mergeCalls<Q, A>({ run, max }: MergeDeps<Q, A>): (questions: readonly Q[]) => Promise<A[]> {
  interface Waiting {
    readonly questions: readonly Q[];
    resolve(answers: A[]): void;
    reject(error: unknown): void;
  }
  const waiting: Waiting[] = [];
  let running = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const group = take();
      try {
        const answers = await run(group.flatMap((call) => call.questions));
        let at = 0;
        for (const call of group) {
          call.resolve(answers.slice(at, at + call.questions.length));
          at += call.questions.length;
        }
      } catch (error) {
        for (const call of group) call.reject(error);
      }
    }
    running = false;
  }
  const take = (): Waiting[] => {
    let size = 0;
    let count = 0;
    while (count < waiting.length && (count === 0 || size + (waiting[count] as Waiting).questions.length <= max)) {
      size += (waiting[count] as Waiting).questions.length;
      count += 1;
    }
    return waiting.splice(0, count);
  };

  return (questions) =>
    new Promise((resolve, reject) => {
      waiting.push({ questions, resolve, reject });
      if (running) return;
      running = true;
      void drain();
    });
}
