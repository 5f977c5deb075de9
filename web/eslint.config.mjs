import js from '@eslint/js'
import typescript from 'typescript-eslint'

export default typescript.config(
  {ignores: ['build/', 'node_modules/']},
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [...typescript.configs.strictTypeChecked],
    languageOptions: {parserOptions: {projectService: true}},
    rules: {
      complexity: ['error', 15],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', 70],
      'max-params': ['error', 5],
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true}],
      '@typescript-eslint/no-confusing-void-expression': ['error', {ignoreArrowShorthand: true}],
      // User file names reach the page only as text: there is no way from a string to markup.
      'no-restricted-syntax': [
        'error',
        {selector: "MemberExpression[property.name='innerHTML']", message: 'Text only.'},
        {selector: "MemberExpression[property.name='outerHTML']", message: 'Text only.'},
        {selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Text only.'},
      ],
    },
  },
  {
    files: ['*.mjs'],
    languageOptions: {globals: {Buffer: 'readonly', console: 'readonly', process: 'readonly'}},
  },
)
