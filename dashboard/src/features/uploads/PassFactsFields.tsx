import {
  Autocomplete,
  Button,
  Collapse,
  Input,
  SegmentedControl,
  Select,
  TextInput,
} from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useId, useState } from 'react';

import { MAX_LENGTHS } from '@/api/limits';
import { browserZone } from '@/components/localTime';
import { TimeInput } from '@/components/TimeInput';
import { DIRECTION_WORDS, DIRECTIONS } from '@/domain/sighting';
import { COLORS, isVehicleType, VEHICLE_CHOICES } from '@/domain/vehicle';

import classes from './PassFactsFields.module.css';
import type { PassFacts } from './sendPhoto';

interface PassFactsFieldsProps {
  facts: PassFacts;
  onChange: (facts: PassFacts) => void;
}

/** Camera, location, direction, vehicle and time of the photos sent next; folded away until wanted. */
export function PassFactsFields({ facts, onChange }: PassFactsFieldsProps) {
  const [isOpen, setIsOpen] = useState(false);
  const panelId = useId();
  const directionId = useId();
  return (
    <div>
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        className={classes.toggle ?? ''}
        aria-expanded={isOpen}
        aria-controls={panelId}
        rightSection={<IconChevronDown size={15} className={classes.chevron} />}
        onClick={() => {
          setIsOpen(!isOpen);
        }}
      >
        Camera, location, direction, vehicle and time
      </Button>
      <Collapse expanded={isOpen} id={panelId}>
        <div className={classes.fields}>
          <TextInput
            label="Camera"
            placeholder="Gate north"
            maxLength={MAX_LENGTHS.photo.camera}
            value={facts.camera}
            onChange={({ currentTarget }) => {
              onChange({ ...facts, camera: currentTarget.value });
            }}
          />
          <TextInput
            label="Location"
            placeholder="Main car park"
            maxLength={MAX_LENGTHS.photo.location}
            value={facts.location}
            onChange={({ currentTarget }) => {
              onChange({ ...facts, location: currentTarget.value });
            }}
          />
          <div>
            <Input.Label component="div" id={directionId}>
              Direction
            </Input.Label>
            <SegmentedControl
              fullWidth
              aria-labelledby={directionId}
              data={DIRECTIONS.map((value) => ({ value, label: DIRECTION_WORDS[value] }))}
              value={facts.direction}
              onChange={(value) => {
                onChange({ ...facts, direction: value });
              }}
            />
          </div>
          <VehicleFields facts={facts} onChange={onChange} />
          <TimeInput
            label="Taken"
            description={`Only if the photo’s own time is wrong or missing. In your time zone, ${browserZone()}`}
            value={facts.captured_at}
            onChange={({ currentTarget }) => {
              onChange({ ...facts, captured_at: currentTarget.value });
            }}
          />
        </div>
        <p className={classes.note}>
          Camera, location and direction go with every photo that you add from now on. The vehicle
          and the time go only with those that you add next: the vehicle with the most certain plate
          in each, the time with all of them.
        </p>
      </Collapse>
    </div>
  );
}

function VehicleFields({ facts, onChange }: PassFactsFieldsProps) {
  return (
    <>
      <Select
        label="Vehicle type"
        placeholder="Unknown"
        data={VEHICLE_CHOICES}
        clearable
        clearButtonProps={{ 'aria-label': 'Unknown vehicle type' }}
        value={facts.vehicle_type}
        onChange={(value) => {
          onChange({ ...facts, vehicle_type: isVehicleType(value) ? value : null });
        }}
      />
      <Autocomplete
        label="Vehicle color"
        placeholder="Unknown"
        data={COLORS}
        maxLength={MAX_LENGTHS.photo.vehicle_color}
        value={facts.vehicle_color}
        onChange={(value) => {
          onChange({ ...facts, vehicle_color: value });
        }}
      />
      <TextInput
        label="Vehicle make"
        placeholder="Unknown"
        maxLength={MAX_LENGTHS.photo.vehicle_make}
        autoComplete="off"
        spellCheck={false}
        value={facts.vehicle_make}
        onChange={({ currentTarget }) => {
          onChange({ ...facts, vehicle_make: currentTarget.value });
        }}
      />
    </>
  );
}
