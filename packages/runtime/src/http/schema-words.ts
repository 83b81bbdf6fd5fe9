// What a schema says of a value that does not fit, in words: zod/mini brings none ("Invalid input"). For services only: browsers do not pay for it.
import { config, locales } from 'zod/mini';

config(locales.en());
