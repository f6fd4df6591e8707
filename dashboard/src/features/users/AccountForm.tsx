import { Alert, Button, NativeSelect, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconAlertCircle } from '@tabler/icons-react';
import { useEffect } from 'react';

import { ApiError } from '@/api/errors';
import { browserZone, zoneNames } from '@/components/localTime';

import type { Credentials } from './session';

export interface AccountValues extends Credentials {
  setup_token: string;
  /** Empty where it is not asked for. */
  time_zone: string;
}

interface AccountFormProps {
  submitLabel: string;
  /** A new account's password is typed for the first time, so that password managers offer one. */
  isNew: boolean;
  withSetupToken?: boolean;
  /** The zone of the server, which nobody chose yet, is asked for with that of the browser as the answer. */
  withTimeZone?: boolean;
  isBusy: boolean;
  error: Error | null;
  onSubmit: (values: AccountValues) => void;
}

function required(name: string): (value: string) => string | null {
  return (value) => (value === '' ? `Enter the ${name}.` : null);
}

/** User name, password and, where the server asks for it, the setup token. */
export function AccountForm(props: AccountFormProps) {
  const {
    submitLabel,
    isNew,
    withSetupToken = false,
    withTimeZone = false,
    isBusy,
    error,
    onSubmit,
  } = props;
  const form = useForm<AccountValues>({
    initialValues: {
      username: '',
      password: '',
      setup_token: '',
      time_zone: withTimeZone ? browserZone() : '',
    },
    validate: {
      username: (value) => required('user name')(value.trim()),
      password: required('password'),
      setup_token: (value) => (withSetupToken ? required('setup token')(value.trim()) : null),
    },
  });
  const { setErrors } = form;
  useEffect(() => {
    if (error instanceof ApiError) setErrors(error.fields);
  }, [error, setErrors]);

  const submit = (values: AccountValues): void => {
    onSubmit({
      ...values,
      username: values.username.trim(),
      setup_token: values.setup_token.trim(),
    });
  };
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="md">
        {error !== null && (
          <Alert color="red" variant="outline" icon={<IconAlertCircle />} role="alert">
            {error.message}
          </Alert>
        )}
        <TextInput
          label="User name"
          size="md"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          data-autofocus
          {...form.getInputProps('username')}
        />
        <PasswordInput
          label="Password"
          size="md"
          autoComplete={isNew ? 'new-password' : 'current-password'}
          {...form.getInputProps('password')}
        />
        {withSetupToken && (
          <TextInput
            label="Setup token"
            description="Printed in the terminal in which the server was started."
            size="md"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            {...form.getInputProps('setup_token')}
          />
        )}
        {withTimeZone && (
          <NativeSelect
            label="Time zone"
            description="Of places that have none of their own, and of photos whose camera names none."
            size="md"
            data={zoneNames()}
            {...form.getInputProps('time_zone')}
          />
        )}
        <Button type="submit" size="md" mt="xs" loading={isBusy} fullWidth>
          {submitLabel}
        </Button>
      </Stack>
    </form>
  );
}
