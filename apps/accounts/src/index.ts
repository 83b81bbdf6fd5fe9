// Accounts: who you are. Users, sessions, tokens, invitations, people.
export { type Accounts, type AccountsConfig, type AccountsDeps, createAccounts, migrationsFolder } from './accounts.ts';
