// Where `prisma generate` looks. The url is never connected to: migrations are run by packages/postgres.
export default { schema: 'prisma/schema.prisma', datasource: { url: 'postgresql://localhost/unused' } };
