//! What runs where: releases, placement, rollouts, drains.
