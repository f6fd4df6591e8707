import { Autocomplete, Button, CloseButton, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';

import { MAX_LENGTHS } from '@/api/limits';
import { COLORS, isVehicleType, VEHICLE_CHOICES } from '@/domain/vehicle';

import { ANY_VEHICLE, vehicleFacts, type VehicleSearch } from '../search';
import classes from './VehicleFilter.module.css';

const PAUSE_MS = 300;

interface VehicleFilterProps {
  vehicle: VehicleSearch;
  onSearch: (vehicle: VehicleSearch) => void;
}

/** Type, color and make of the vehicles to look for; what is typed is searched once the typing pauses. */
export function VehicleFilter({ vehicle, onSearch }: VehicleFilterProps) {
  const [asked, setAsked] = useState(vehicle);
  const searchSoon = useDebouncedCallback(onSearch, PAUSE_MS);
  const change = (over: Partial<VehicleSearch>): void => {
    const changed = { ...asked, ...over };
    setAsked(changed);
    searchSoon({
      ...changed,
      vehicle_color: changed.vehicle_color.trim(),
      vehicle_make: changed.vehicle_make.trim(),
    });
  };
  return (
    <div className={classes.fields}>
      <Select
        label="Type"
        placeholder="Any"
        data={VEHICLE_CHOICES}
        clearable
        clearButtonProps={{ 'aria-label': 'Any type' }}
        value={asked.vehicle_type === '' ? null : asked.vehicle_type}
        onChange={(value) => {
          change({ vehicle_type: isVehicleType(value) ? value : '' });
        }}
      />
      <Autocomplete
        label="Color"
        placeholder="Any"
        data={COLORS}
        maxLength={MAX_LENGTHS.search.vehicle_color}
        clearable
        clearButtonProps={{ 'aria-label': 'Any color' }}
        value={asked.vehicle_color}
        onChange={(value) => {
          change({ vehicle_color: value });
        }}
      />
      <TextInput
        label="Make"
        placeholder="Any"
        maxLength={MAX_LENGTHS.search.vehicle_make}
        autoComplete="off"
        spellCheck={false}
        value={asked.vehicle_make}
        rightSection={
          asked.vehicle_make !== '' && (
            <CloseButton
              size="sm"
              aria-label="Any make"
              onClick={() => {
                change({ vehicle_make: '' });
              }}
            />
          )
        }
        onChange={({ currentTarget }) => {
          change({ vehicle_make: currentTarget.value });
        }}
      />
      {vehicleFacts(asked) > 0 && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          className={classes.clear ?? ''}
          onClick={() => {
            change(ANY_VEHICLE);
          }}
        >
          Any vehicle
        </Button>
      )}
    </div>
  );
}
