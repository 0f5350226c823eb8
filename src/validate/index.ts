export * from './collector.js';
export * from './finding.js';
export * from './profile.js';
export * from './rule.js';
export * from './suppress.js';
export * from './window.js';
