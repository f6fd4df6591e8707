import {
  Alert,
  Autocomplete,
  Button,
  Input,
  SegmentedControl,
  Select,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useForm, type UseFormReturnType } from '@mantine/form';
import { IconAlertCircle } from '@tabler/icons-react';
import { useEffect, useId, useRef } from 'react';

import { ApiError } from '@/api/errors';
import { MAX_LENGTHS } from '@/api/limits';
import { instantOf } from '@/components/localTime';
import { TimeInput } from '@/components/TimeInput';
import { DIRECTION_WORDS, DIRECTIONS, type Sighting } from '@/domain/sighting';
import { COLORS, VEHICLE_CHOICES } from '@/domain/vehicle';

import { regionChoices, useRegions } from '../regions';
import { useCorrection } from '../sightings';
import { correctionOf, type CorrectionValues, valuesOf } from './correction';
import classes from './CorrectionForm.module.css';

interface CorrectionFormProps {
  sighting: Sighting;
  /** Called when there is nothing more to do: saved, canceled, or nothing was changed. */
  onDone: (isSaved: boolean) => void;
}

/** The facts of a sighting to be set right; what was read stays in its history. */
export function CorrectionForm({ sighting, onDone }: CorrectionFormProps) {
  const correction = useCorrection(sighting.id);
  const { error } = correction;
  const form = useForm<CorrectionValues>({
    initialValues: valuesOf(sighting),
    validate: {
      plate: (text) => (text.trim() === '' ? 'Enter the plate.' : null),
      captured_at: (text) => (instantOf(text) === null ? 'Enter the day and the time.' : null),
    },
  });
  const { setErrors, getInitialValues } = form;
  useEffect(() => {
    if (error instanceof ApiError) setErrors(error.fields);
  }, [error, setErrors]);
  const formRef = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // The button that opened the form is gone, and the focus with it.
    formRef.current?.focus();
  }, []);

  const submit = (values: CorrectionValues): void => {
    const changed = correctionOf(getInitialValues(), values);
    if (changed === null) {
      onDone(false);
      return;
    }
    correction.mutate(changed, {
      onSuccess: () => {
        onDone(true);
      },
    });
  };
  return (
    <form
      ref={formRef}
      tabIndex={-1}
      className={classes.form}
      aria-label="Correction"
      onSubmit={form.onSubmit(submit)}
      noValidate
    >
      <PassFields form={form} />
      <TimeInput label="Captured" {...form.getInputProps('captured_at')} />
      <VehicleFields form={form} />
      <Textarea
        label="Note"
        rows={2}
        maxLength={MAX_LENGTHS.correction.note}
        {...form.getInputProps('note')}
      />
      <TextInput
        label="Reason"
        description="Kept in the history of the sighting, with your name."
        maxLength={MAX_LENGTHS.correction.reason}
        {...form.getInputProps('reason')}
      />
      {error !== null && (
        <Alert color="red" variant="outline" icon={<IconAlertCircle />} role="alert">
          {error.message}
        </Alert>
      )}
      <div className={classes.actions}>
        <Button
          variant="default"
          onClick={() => {
            onDone(false);
          }}
        >
          Cancel
        </Button>
        <Button type="submit" loading={correction.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** What the form gives for the field of the region. */
interface RegionInput {
  value: string;
  error?: string;
}

interface FieldsProps {
  form: UseFormReturnType<CorrectionValues>;
}

function PassFields({ form }: FieldsProps) {
  const directionId = useId();
  return (
    <>
      <div className={classes.plate}>
        <TextInput
          label="Plate"
          maxLength={MAX_LENGTHS.correction.plate}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          classNames={{ input: classes.plateText ?? '' }}
          {...form.getInputProps('plate')}
        />
        <RegionField form={form} />
      </div>
      <div>
        <Input.Label component="div" id={directionId}>
          Direction
        </Input.Label>
        <SegmentedControl
          fullWidth
          aria-labelledby={directionId}
          data={DIRECTIONS.map((value) => ({ value, label: DIRECTION_WORDS[value] }))}
          {...form.getInputProps('direction')}
        />
      </div>
    </>
  );
}

function RegionField({ form }: FieldsProps) {
  const { data: regions = [], isError } = useRegions();
  const { value, ...input } = form.getInputProps('region') as RegionInput;
  return (
    <Select
      label="Region"
      placeholder="Unknown"
      data={regionChoices(regions, form.getInitialValues().region)}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Unknown region' }}
      nothingFoundMessage="No such region"
      description={isError ? 'The list of regions could not be loaded.' : undefined}
      {...input}
      value={value === '' ? null : value}
      onChange={(code) => {
        form.setFieldValue('region', code ?? '');
      }}
    />
  );
}

function VehicleFields({ form }: FieldsProps) {
  return (
    <fieldset className={classes.vehicle}>
      <legend>Vehicle</legend>
      <Select
        label="Type"
        placeholder="Unknown"
        data={VEHICLE_CHOICES}
        clearable
        clearButtonProps={{ 'aria-label': 'Unknown type' }}
        {...form.getInputProps('vehicle_type')}
      />
      <Autocomplete
        label="Color"
        placeholder="Unknown"
        data={COLORS}
        maxLength={MAX_LENGTHS.correction.vehicle_color}
        {...form.getInputProps('vehicle_color')}
      />
      <TextInput
        label="Make"
        placeholder="Unknown"
        maxLength={MAX_LENGTHS.correction.vehicle_make}
        autoComplete="off"
        spellCheck={false}
        {...form.getInputProps('vehicle_make')}
      />
    </fieldset>
  );
}
