// Before anybody is signed in: the first account, a new account, or signing in. Says why a session ended when it did.
import { type FormEvent, useCallback, useEffect, useState } from 'react';
import { saidOf } from '../model/error-words.ts';
import type { Setup } from '../model/shapes.ts';
import { useClient, useParley } from '../state/client.tsx';
import { go, pathTo, usePlace } from '../state/router.ts';
import { Field, ProblemNote } from '../ui/field.tsx';
import { Mark } from '../ui/mark.tsx';

type Mode = 'sign-in' | 'register';

const WORDS = {
  owner: {
    title: 'Create the owner account',
    lead: 'Nobody is here yet. The first account runs this Parley: it invites people and decides who may join.',
    button: 'Create account',
  },
  register: { title: 'Create your account', lead: 'Pick a name. You can change how it is shown later.', button: 'Create account' },
  'sign-in': { title: 'Sign in to Parley', lead: '', button: 'Sign in' },
} as const;

function useSetup() {
  const parley = useParley();
  const [setup, setSetup] = useState<Setup | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const ask = useCallback(() => {
    setProblem(null);
    parley.setup().then(setSetup, setProblem);
  }, [parley]);
  useEffect(ask, [ask]);
  return { setup, problem, again: ask };
}

const RETURN_REASONS = new Set(['session_revoked', 'refresh_reused', 'token_expired', 'unauthenticated']);

export function SignInPage() {
  const place = usePlace();
  const { setup, problem, again } = useSetup();
  const invitation = place.at === 'invited' ? place.code : '';
  const [mode, setMode] = useState<Mode>(invitation === '' ? 'sign-in' : 'register');
  const bye = useClient((state) => state.bye);
  const shown = setup?.owner === false ? 'owner' : mode;
  const words = WORDS[shown];
  return (
    <div className="sign-in">
      <main>
        <header>
          <Mark size={52} />
          <h1>{words.title}</h1>
          {words.lead !== '' && <p>{words.lead}</p>}
        </header>
        {bye !== null && RETURN_REASONS.has(bye.code) && (
          <p className="notice" role="status">
            {saidOf(bye).text} <span className="code-small">{bye.code}</span>
          </p>
        )}
        {problem !== null && (
          <div className="card">
            <ProblemNote problem={problem} />
            <button type="button" className="button" onClick={again}>
              Try again
            </button>
          </div>
        )}
        {setup !== null && <AccountForm key={shown} kind={shown} setup={setup} invitation={invitation} />}
        {setup?.owner === true && (
          <p className="other">
            {mode === 'sign-in' ? 'New here? ' : 'Already have an account? '}
            <button type="button" className="link-button" onClick={() => setMode(mode === 'sign-in' ? 'register' : 'sign-in')}>
              {mode === 'sign-in' ? 'Create an account' : 'Sign in instead'}
            </button>
          </p>
        )}
      </main>
    </div>
  );
}

interface AccountFormProps {
  readonly kind: keyof typeof WORDS;
  readonly setup: Setup;
  readonly invitation: string;
}

const text = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
};
const given = <K extends string>(key: K, value: string): { [P in K]?: string } => (value === '' ? {} : ({ [key]: value } as { [P in K]: string }));

function useAccountForm(kind: AccountFormProps['kind']) {
  const parley = useParley();
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const handle = text(form, 'handle').trim().toLowerCase();
    const password = text(form, 'password');
    setBusy(true);
    setProblem(null);
    try {
      if (kind === 'sign-in') await parley.login({ handle, password });
      else {
        const extra = {
          ...given('name', text(form, 'name').trim()),
          ...given('invitation', text(form, 'invitation').trim()),
          ...given('setupCode', text(form, 'setupCode').trim()),
        };
        await parley.register({ handle, password, ...extra });
        if (location.pathname.startsWith('/invite/')) go(pathTo.home, 'replace');
      }
      parley.connect().catch(() => {});
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return { problem, busy, submit };
}

function AccountForm({ kind, setup, invitation }: AccountFormProps) {
  const { problem, busy, submit } = useAccountForm(kind);
  const registering = kind !== 'sign-in';
  return (
    <form className="card" onSubmit={submit}>
      {kind === 'owner' && setup.setupCodeRequired && (
        <Field label="Setup code" name="setupCode" required autoComplete="off" spellCheck={false} hint="Printed in the console of the server." />
      )}
      {kind === 'register' && (setup.registration === 'invite' || invitation !== '') && (
        <Field
          label="Invitation code"
          name="invitation"
          required
          defaultValue={invitation}
          autoComplete="off"
          spellCheck={false}
          hint="From the person who invited you."
        />
      )}
      <Field
        label="Name"
        name="handle"
        required
        maxLength={32}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        {...(registering
          ? {
              pattern: '[A-Za-z0-9][A-Za-z0-9._\\-]*',
              title: 'Letters a-z, digits, dot, dash and underscore',
              hint: 'For signing in and @mentions: a-z, 0-9, dot, dash, underscore.',
            }
          : {})}
      />
      {registering && (
        <Field label="Display name" name="name" maxLength={64} autoComplete="name" hint="What others see. Leave it empty to use the name above." />
      )}
      <Field
        label="Password"
        name="password"
        type="password"
        required
        maxLength={200}
        {...(registering ? { minLength: 8, autoComplete: 'new-password', hint: 'At least 8 characters.' } : { autoComplete: 'current-password' })}
      />
      <ProblemNote problem={problem} />
      <button type="submit" className="button primary" disabled={busy}>
        {WORDS[kind].button}
      </button>
    </form>
  );
}
