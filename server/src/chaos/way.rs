//! How buyers go about it. That goes round a wheel, so that every run of twenty buyers or more has all of it, in the
//! same places every time.

/// How a buyer goes about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// Reserves, orders and pays in one request.
    OneStep,
    /// Holds a unit, then orders and pays.
    TwoSteps,
    /// Sends the same request twice at once, under one key.
    Twins,
    /// Sends the request, closes the connection, and asks again under its key.
    Leaves,
    /// Sends half a request and is cut off; sends all of it and is cut off; asks again under its key.
    CutOff,
    /// Holds a unit for the shortest time there is, and pays when that is over, to the hundredth of a second.
    PaysLate,
    /// Holds a unit for the shortest time there is, and never comes back.
    Forgets,
    /// Holds a unit and lets it go.
    LetsGo,
}

/// Small runs have few winners: what is rare stands early enough to be among them.
const WHEEL: [Way; 20] = [
    Way::TwoSteps,
    Way::OneStep,
    Way::Twins,
    Way::PaysLate,
    Way::OneStep,
    Way::Leaves,
    Way::TwoSteps,
    Way::Forgets,
    Way::CutOff,
    Way::OneStep,
    Way::TwoSteps,
    Way::OneStep,
    Way::LetsGo,
    Way::TwoSteps,
    Way::OneStep,
    Way::Twins,
    Way::OneStep,
    Way::TwoSteps,
    Way::OneStep,
    Way::OneStep,
];

impl Way {
    /// That of the buyer of this number.
    pub(super) fn of(number: u32) -> Self {
        WHEEL.get(number as usize % WHEEL.len()).copied().unwrap_or(Self::OneStep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_winners_meet_everything_that_can_happen_to_a_unit() {
        let early = WHEEL.get(..10).unwrap();
        for way in [Way::OneStep, Way::TwoSteps, Way::Twins, Way::Leaves, Way::CutOff, Way::PaysLate, Way::Forgets] {
            assert!(early.contains(&way), "{way:?}");
        }
    }
}
