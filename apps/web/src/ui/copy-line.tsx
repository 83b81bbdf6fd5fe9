// A value to be copied: a read-only field with a button beside it.
import { useId, useState } from 'react';
import { sayProblem } from './toasts.tsx';

interface CopyLineProps {
  readonly label: string;
  readonly value: string;
  readonly hint: string;
}

export function CopyLine({ label, value, hint }: CopyLineProps) {
  const id = useId();
  const [copied, setCopied] = useState(false);
  const copy = () => navigator.clipboard.writeText(value).then(() => setCopied(true), sayProblem);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="copy-line">
        <input id={id} className="input" readOnly value={value} onFocus={(event) => event.target.select()} />
        <button type="button" className="button" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
      <span className="hint">{hint}</span>
    </div>
  );
}
